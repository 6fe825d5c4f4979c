"""How a form draws itself: `{{ form }}` and `field.as_field_group` as our parts."""

from django.forms.renderers import TemplatesSetting


class MarketRenderer(TemplatesSetting):
    """Django's widgets, our form and field templates."""

    form_template_name = "parts/form.html"
    field_template_name = "parts/field.html"
