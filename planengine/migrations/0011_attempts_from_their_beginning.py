from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('planengine', '0010_decisions_of_earlier_plans'),
    ]

    operations = [
        migrations.AddField(
            model_name='attempt',
            name='answer_chars',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='attempt',
            name='cost',
            field=models.DecimalField(decimal_places=10, help_text='By LLM_PRICES. Empty when price or tokens are unknown.', max_digits=20, null=True),
        ),
        migrations.AddField(
            model_name='attempt',
            name='reasoning_chars',
            field=models.PositiveIntegerField(default=0, help_text='When progress was last noted.'),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='seconds',
            field=models.FloatField(help_text='Empty until the call has ended.', null=True),
        ),
    ]
