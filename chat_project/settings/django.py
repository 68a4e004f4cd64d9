"""Django's settings module: one short module per integration, joined here.

Importing it reads the environment; importing `environment` or `development` alone does not.
"""

from chat_project.settings.applications import *
from chat_project.settings.attachments import *
from chat_project.settings.cache import *
from chat_project.settings.cors import *
from chat_project.settings.database import *
from chat_project.settings.logs import *
from chat_project.settings.readiness import *
from chat_project.settings.rest import *
from chat_project.settings.security import *
from chat_project.settings.server import *
from chat_project.settings.start_page import *
from chat_project.settings.static_files import *
