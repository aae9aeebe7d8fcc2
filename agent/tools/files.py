"""The tool for files that go with an answer. Only a channel that carries files offers it."""

from pydantic_ai import FunctionToolset

from agent.core.conversation import SentFile
from agent.tools.calling import READ, Context, answer
from agent.tools.deps import Deps
from agent.tools.views import FileView, ProblemView

files = FunctionToolset[Deps](id="files", require_parameter_descriptions=True)


@files.tool(timeout=2 * READ)
def send_file(ctx: Context, name: str, path: str) -> FileView | ProblemView:
    """Send the person a file from one of their running containers, along with your answer.

    Args:
        ctx: who asks.
        name: which container.
        path: where the file is: report.pdf for one in /workspace, or a whole path such as /var/log/dpkg.log.
    """

    def ask(deps: Deps) -> FileView:
        whole, size = deps.services.files.check(deps.owner, name, path)
        sent = SentFile(name, whole)
        if sent not in deps.files:
            deps.files.append(sent)
        return FileView(name=name, path=whole, size=size)

    return answer(ctx, "send_file", {"name": name, "path": path}, ask)
