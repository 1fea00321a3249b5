from datetime import tzinfo

from apscheduler.triggers.base import BaseTrigger

class CronTrigger(BaseTrigger):
    @classmethod
    def from_crontab(cls, expr: str, timezone: tzinfo | None = ...) -> CronTrigger: ...
