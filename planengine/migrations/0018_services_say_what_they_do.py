from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('planengine', '0017_plural_of_tally'),
    ]

    operations = [
        migrations.AddField(
            model_name='service',
            name='annotations',
            field=models.JSONField(blank=True, db_default={}, default=dict, help_text='What it says of its effects.'),
        ),
        migrations.AddField(
            model_name='service',
            name='examples',
            field=models.JSONField(blank=True, db_default=[], default=list, help_text='Requests that it was made for.'),
        ),
        migrations.AlterField(
            model_name='service',
            name='version',
            field=models.PositiveIntegerField(default=1, help_text='Rises whenever the service changes, but for its annotations and examples.'),
        ),
    ]
