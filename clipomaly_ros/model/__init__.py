"""open_clip to ONNX: model bundles, their hashes and backends. The only place that imports torch."""
