"""What the application keeps."""

from __future__ import annotations

from django.db import models


class StartedMeeting(models.Model):
    """A meeting that the service said was started; the key of its event is unique, since an event may come twice."""

    event_key = models.CharField(max_length=200, unique=True)
    topic = models.TextField()
    at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.topic
