from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('planengine', '0014_repair_and_services_shown'),
    ]

    operations = [
        migrations.AddField(
            model_name='project',
            name='event_contents',
            field=models.BooleanField(default=False, help_text="Whether a plan's events tell the model's own words too: what it thinks and writes, as it comes and when it is finished. Its reasoning is kept with the attempt then."),
        ),
        migrations.AddField(
            model_name='attempt',
            name='reasoning',
            field=models.TextField(blank=True, default='', help_text='What the model thought, alike. Kept where events tell contents.'),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name='attempt',
            name='answer',
            field=models.TextField(blank=True, help_text="The planner's raw answer. Where events tell contents, the latest of it until it is finished."),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='reasoning_chars',
            field=models.PositiveIntegerField(default=0, help_text='Of a stream, when last noted.'),
        ),
    ]
