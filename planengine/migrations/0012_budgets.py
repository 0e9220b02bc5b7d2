import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('planengine', '0011_attempts_from_their_beginning'),
    ]

    operations = [
        migrations.AddField(
            model_name='project',
            name='tokens_per_day',
            field=models.PositiveBigIntegerField(blank=True, help_text='Tokens that planning may use per day (UTC). Empty: as many as it takes; 0: none, so that only the cache answers.', null=True),
        ),
        migrations.CreateModel(
            name='DailyUsage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('calls', models.PositiveIntegerField(default=0, help_text='Model calls that ended.')),
                ('unknown_calls', models.PositiveIntegerField(default=0, help_text='Of these, those whose tokens nobody told.')),
                ('unpriced_calls', models.PositiveIntegerField(default=0, help_text='Of these, those whose cost is not known.')),
                ('prompt_tokens', models.PositiveBigIntegerField(default=0, help_text="As the model's server counted them.")),
                ('completion_tokens', models.PositiveBigIntegerField(default=0)),
                ('estimated_tokens', models.PositiveBigIntegerField(default=0, help_text='Of calls whose tokens are not known.')),
                ('reserved_tokens', models.PositiveBigIntegerField(default=0, help_text='For calls that have not ended.')),
                ('cost', models.DecimalField(decimal_places=10, default=0, help_text='Of the calls with a price.', max_digits=20)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='usage', to='planengine.project')),
            ],
            options={
                'verbose_name_plural': 'daily usage',
                'ordering': ['-day'],
                'constraints': [models.UniqueConstraint(fields=('project', 'day'), name='usage_per_day')],
            },
        ),
    ]
