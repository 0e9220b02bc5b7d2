"""Whether a project's thresholds are crossed, judged by a tick, and who is told, once per change.

judge ──a state changed──▶ the rule's row, the log, and a notice ──deliver──▶ the webhook (again, less and less
                                                                              often, until it takes it)
"""

from planengine.accounting.alerts.delivery import delete_old_notices, deliver
from planengine.accounting.alerts.judging import judge

__all__ = ["delete_old_notices", "deliver", "judge"]
