"""open_clip to ONNX: model bundles, their hashes and backends. The only place that imports torch."""

import os

# ONNX Runtime's own builds report their use over the network; nothing here may, and it reads
# this once, when it is first imported. Whoever sets the variable decides for themselves.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
