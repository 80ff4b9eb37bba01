"""Classifiers: trained objects that turn texts into class probabilities.

`classifier` is their interface, `prediction` and `explanation` their answers, `manifest` and `artifact`
the form on disk, `load` the only way in. One module or package for each kind: `linear`, `skops`, `fasttext`,
`onnx`, `lexicon_classifier`; `black_box` is what `fasttext` and `onnx` share, `occlusion`
explains answers of any kind. `pyfunc` is the entry for MLflow.
"""
