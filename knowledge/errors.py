"""What can be wrong with the content, the encoder or the index; the message says what to do."""


class KnowledgeError(Exception):
    """Something about the knowledge base cannot be used."""


class PackInvalid(KnowledgeError):
    """The community's content has mistakes; each sentence names file, record and mend."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class EncoderUnusable(KnowledgeError):
    """The encoder is missing, or one of its files is not the one that was built."""


class IndexUnusable(KnowledgeError):
    """The index is missing, or one of its files is not the one that was built."""


class StoreInvalid(KnowledgeError):
    """VECTOR_STORE does not say where vectors can be kept."""


class SecretUnusable(KnowledgeError):
    """A secret is given twice, or the file that should hold it cannot be used."""
