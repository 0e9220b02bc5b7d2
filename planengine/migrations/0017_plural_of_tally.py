from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('planengine', '0016_model_checks_and_money_saved'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='tally',
            options={'verbose_name_plural': 'tallies'},
        ),
    ]
