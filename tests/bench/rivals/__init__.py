"""Programs of the durable engines that `tests.bench.durable` measures Lumen beside; run by a venv that has them."""
