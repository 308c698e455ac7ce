sed 's#/etc/sockmesh/resources#configs/resources#' configs/every-field.yaml >build/golden-node.yaml && sockmeshd --check --config build/golden-node.yaml
