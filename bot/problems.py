"""What a client did that we cannot take, in a sentence of both languages."""

from starlette.responses import JSONResponse

from actions.wording import Wording


class Problem(Exception):
    """A request we do not take; `code` names the sentence, `utter_problem_<code>`."""

    def __init__(self, status: int, code: str, retry_after: int = 0, **values: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code
        self.retry_after, self.values = retry_after, values

    def response(self, wording: Wording) -> JSONResponse:
        """Return the answer: the code, and the sentence in Chinese and in English."""
        sentences = {
            language: wording.render(
                f"utter_problem_{self.code}", language=language, values=self.values
            ).text
            for language in ("zh", "en")
        }
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after else {}
        return JSONResponse({"code": self.code, **sentences}, self.status, headers)
