"""What Rasa runs that is ours: reading a message, and keeping its trackers small.

The modules `text`, `encoder`, `intents` and `gazetteer` know nothing of Rasa; `tokenizer`,
`featurizer`, `classifier` and `entities` put them into its pipeline.
"""
