"""Models of the validated workloads, for the apps whose frameworks take Pydantic models. Linked into each app's folder."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern="^[a-zA-Z0-9_-]+$")]


class Image(BaseModel):
    url: Text
    name: Text


class Small(BaseModel):
    name: Text
    description: Text
    price: float
    tax: float


class Review(BaseModel):
    author: Text
    comment: Text
    rating: int


class Medium(BaseModel):
    name: Text
    description: Text
    price: float
    image: Image
    reviews: list[Review]


class Country(BaseModel):
    name: Text
    code: Text


class Address(BaseModel):
    street: Text
    city: Text
    country: Country


class Seller(BaseModel):
    name: Text
    address: Address


class Variant(BaseModel):
    sku: Text
    color: Text
    stock: int
    price: float


class Large(BaseModel):
    name: Text
    description: Text
    price: float
    seller: Seller
    variants: list[Variant]


class VeryLarge(BaseModel):
    name: Text
    description: Text
    tags: list[Text]
    images: list[Image]


class IdPath(BaseModel):
    id: Word


class PostPath(BaseModel):
    user_id: Word
    post_id: Word


class DeepPath(BaseModel):
    org: Word
    team: Word
    project: Word
    resource: Word
    id: Word


class IntPath(BaseModel):
    id: int


class UuidPath(BaseModel):
    id: uuid.UUID


class DatePath(BaseModel):
    date: datetime.date


class _Given(BaseModel):
    """Optional fields: None stands for "not given", and is not echoed."""

    model_config = ConfigDict(extra="ignore")


class FewQuery(_Given):
    q: Text
    page: int | None = None
    limit: int | None = None


class MediumQuery(_Given):
    search: Text
    category: Text | None = None
    sort: Text | None = None
    order: Text | None = None
    page: int | None = None
    limit: int | None = None
    filter: Text | None = None


class ManyQuery(_Given):
    q: Text
    page: int | None = None
    limit: int | None = None
    sort: Text | None = None
    order: Text | None = None
    category: Text | None = None
    subcategory: Text | None = None
    brand: Text | None = None
    min_price: float | None = None
    max_price: float | None = None
    rating: int | None = None
    in_stock: bool | None = None
    on_sale: bool | None = None
    color: Text | None = None
    size: Text | None = None
    material: Text | None = None


class SimpleForm(BaseModel):
    name: Text
    email: Text
    age: int
    subscribe: bool


class ComplexForm(BaseModel):
    first_name: Text
    last_name: Text
    email: Text
    phone: Text
    street: Text
    city: Text
    state: Text
    zip: Text
    country: Text
    company: Text
    age: int
    height: float
    subscribe: bool
    terms: bool
    language: Text
    theme: Text
    tag: list[Text]
    note: Text


JSON_MODELS: dict[str, type[BaseModel]] = {"small": Small, "medium": Medium, "large": Large, "very-large": VeryLarge}
QUERY_MODELS: dict[str, type[BaseModel]] = {"few": FewQuery, "medium": MediumQuery, "many": ManyQuery}
FORM_MODELS: dict[str, type[BaseModel]] = {"simple": SimpleForm, "complex": ComplexForm}
PATH_MODELS: dict[str, tuple[str, type[BaseModel]]] = {
    "simple": ("{id}", IdPath),
    "multiple": ("{user_id}/{post_id}", PostPath),
    "deep": ("{org}/{team}/{project}/{resource}/{id}", DeepPath),
    "int": ("{id}", IntPath),
    "uuid": ("{id}", UuidPath),
    "date": ("{date}", DatePath),
}
