from django.db import migrations, models


class Migration(migrations.Migration):
    """The money that earlier hits saved is not known any more."""

    dependencies = [
        ('planengine', '0015_event_contents'),
    ]

    operations = [
        migrations.AddField(
            model_name='dailyusage',
            name='model_checks',
            field=models.PositiveIntegerField(default=0, help_text='Of the calls, questions of the model check.'),
        ),
        migrations.AddField(
            model_name='dailyusage',
            name='model_check_tokens',
            field=models.PositiveBigIntegerField(default=0, help_text='Of these, estimated ones included.'),
        ),
        migrations.AddField(
            model_name='dailyusage',
            name='model_check_cost',
            field=models.DecimalField(blank=True, decimal_places=10, help_text='Empty when no price of one is known.', max_digits=20, null=True),
        ),
        migrations.AddField(
            model_name='plan',
            name='cost_saved',
            field=models.DecimalField(decimal_places=10, help_text='The same in money, by the prices of when the entry was planned.', max_digits=20, null=True),
        ),
        migrations.AddField(
            model_name='tally',
            name='cost_saved',
            field=models.DecimalField(decimal_places=10, help_text="Empty when no plan's is known.", max_digits=20, null=True),
        ),
    ]
