package io.reflow.gateway.policy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A policy as an admin writes it, nothing checked yet.
public record PolicyRequestJson(
    @Nullable String name,
    @Nullable String description,
    @Nullable String targetId,
    @Nullable String resourceType,
    @Nullable String resourcePattern,
    @Nullable String effect,
    @Nullable Integer priority,
    @Nullable Boolean enabled,
    @Nullable List<SubjectRequestJson> subjects) {

  /// One subject of it.
  public record SubjectRequestJson(@Nullable String subjectType, @Nullable String subjectValue) {}
}
