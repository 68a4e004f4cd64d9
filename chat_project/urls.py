"""Every path of the API process; all but the admin's match without case (contract section 5)."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularAPIView

from chat_project import health, metrics
from chat_project.api.reference import RedocPage, SwaggerPage
from chat_project.api.routing import CaseInsensitiveRouter, Route, ignoring_case
from conversations.viewsets import ConversationViewSet
from messaging.attachments.viewsets import AttachmentViewSet, UploadViewSet
from messaging.viewsets import MessageViewSet

api = CaseInsensitiveRouter()
# Before "messages", of which it would be one by its id.
api.register("messages/attachment", UploadViewSet, basename="upload")
api.register("attachments", AttachmentViewSet, basename="attachments")
api.register("messages", MessageViewSet, basename="messages")
api.register("conversations", ConversationViewSet, basename="conversations")

for_programs: list[Route] = [
    re_path(r"^api/v1/", include(api.urls)),
    re_path(r"^health/live$", health.live),
    re_path(r"^health/ready$", health.ready),
    re_path(r"^health$", health.ready),
    re_path(r"^metrics$", metrics.metrics),
    re_path(
        r"^swagger/v1/swagger\.json$",
        SpectacularAPIView.as_view(renderer_classes=[OpenApiJsonRenderer]),
        name="openapi",
    ),
    re_path(r"^swagger$", SwaggerPage.as_view(url_name="openapi"), name="swagger"),
    re_path(r"^redoc$", RedocPage.as_view(url_name="openapi"), name="redoc"),
    # Where Swashbuckle, of the replaced service, has its pages.
    re_path(r"^swagger/index\.html$", RedirectView.as_view(pattern_name="swagger")),
    re_path(r"^redoc/index\.html$", RedirectView.as_view(pattern_name="redoc")),
]

urlpatterns: list[Route] = [
    *[ignoring_case(route) for route in for_programs],
    path("admin/", admin.site.urls),
]
