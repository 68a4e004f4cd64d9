import django.db.models.deletion
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='when')),
                ('by', models.CharField(max_length=255, verbose_name='who')),
                ('action', models.CharField(max_length=255, verbose_name='what')),
                ('target', models.CharField(max_length=1024)),
                ('tenant_id', models.CharField(db_column='tenantId', max_length=255, null=True, verbose_name='school')),
            ],
            options={
                'verbose_name': 'change',
                'verbose_name_plural': 'audit log',
                'db_table': 'audit_log',
                'ordering': ['-at'],
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='StaffMember',
            fields=[
                ('user', models.OneToOneField(db_column='_id', on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to=settings.AUTH_USER_MODEL)),
                ('tenant_id', models.CharField(db_column='tenantId', max_length=255, verbose_name='school')),
            ],
            options={
                'db_table': 'staff_members',
            },
        ),
    ]
