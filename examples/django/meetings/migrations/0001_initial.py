"""The table of started meetings."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Create it."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="StartedMeeting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_key", models.CharField(max_length=200, unique=True)),
                ("topic", models.TextField()),
                ("at", models.DateTimeField(null=True)),
            ],
        ),
    ]
