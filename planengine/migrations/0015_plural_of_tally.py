from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('planengine', '0014_repair_and_services_shown'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='tally',
            options={'verbose_name_plural': 'tallies'},
        ),
    ]
