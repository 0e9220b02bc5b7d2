from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('planengine', '0012_budgets'),
    ]

    operations = [
        migrations.CreateModel(
            name='Breaker',
            fields=[
                ('endpoint', models.CharField(help_text='The model, and a digest of its address.', max_length=64, primary_key=True, serialize=False)),
                ('failures', models.PositiveIntegerField(default=0, help_text='In a row.')),
                ('retry_at', models.DateTimeField(help_text='Until then it is left alone. Empty: it is asked.', null=True)),
            ],
        ),
    ]
