"""Kind `onnx`: a fine-tuned Transformer, run by onnxruntime without torch.

`graph_check` reads the file before the runtime does, `piece_tokenizer` cuts texts, `token_batches` groups
them, `onnx_session` runs the model, `onnx_classifier` is the classifier.
"""
