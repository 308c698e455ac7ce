sed 's#/etc/sockmesh/resources#configs/resources#' configs/minimal.yaml >build/golden-node.yaml && sockmeshd --check --config build/golden-node.yaml
