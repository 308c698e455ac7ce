# SPDX-License-Identifier: Apache-2.0
"""What a request costs, beside what it costs elsewhere."""
