package io.reflow.gateway.instance;

/// How many instances may exist at once, those included that are starting or ending.
public record Limits(int total, int perTarget, int perUser) {}
