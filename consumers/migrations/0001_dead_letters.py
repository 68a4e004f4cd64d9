from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='DeadLetter',
            fields=[
                ('id', models.CharField(db_column='_id', max_length=64, primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=64)),
                ('at', models.DateTimeField(verbose_name='when')),
                ('tenant_id', models.CharField(db_column='tenantId', max_length=255, null=True, verbose_name='school')),
                ('conversation_id', models.CharField(db_column='conversationId', max_length=255, null=True, verbose_name='conversation')),
                ('message_id', models.CharField(db_column='messageId', max_length=255, null=True, verbose_name='message')),
                ('closed_how', models.CharField(db_column='closedHow', max_length=16, null=True)),
            ],
            options={
                'verbose_name': 'dead letter',
                'db_table': 'dead_letters',
                'ordering': ['-at'],
                'managed': False,
            },
        ),
    ]
