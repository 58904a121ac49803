package io.reflow.gateway.policy;

import com.google.re2j.PatternSyntaxException;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.policy.Policy.Member;
import io.reflow.gateway.policy.PolicyRequestJson.SubjectRequestJson;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Targets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What a policy must look like to be saved. Everything it names must exist.
final class PolicyForm {

  private static final int LONGEST_NAME = 200;
  private static final int LONGEST_TEXT = 4096;

  private final Targets targets;
  private final Predicate<UserId> knownUser;

  PolicyForm(Targets targets, Predicate<UserId> knownUser) {
    this.targets = targets;
    this.knownUser = knownUser;
  }

  /// The policy that `request` describes.
  ///
  /// @param enabled what counts where the request says nothing
  Policy check(UUID id, PolicyRequestJson request, boolean enabled) {
    return new Policy(
        id,
        text("name", required("name", request.name()), LONGEST_NAME),
        text(
            "description",
            request.description() == null ? "" : request.description(),
            LONGEST_TEXT),
        target(request.targetId()),
        kind(request.resourceType()),
        pattern(request.resourcePattern()),
        effect(required("effect", request.effect())),
        request.priority() == null ? 0 : request.priority(),
        request.enabled() == null ? enabled : request.enabled(),
        members(request.subjects()),
        Instant.EPOCH,
        Instant.EPOCH);
  }

  Member member(@Nullable SubjectRequestJson request) {
    if (request == null) {
      throw new InvalidRequest("subjects must hold objects");
    }
    String type = required("subject_type", request.subjectType());
    String value = request.subjectValue() == null ? "" : request.subjectValue();
    Subject subject =
        Subject.of(type, text("subject_value", value, LONGEST_NAME))
            .orElseThrow(() ->
                new InvalidRequest(
                    "subject_type must be everyone, role, group or user, with subject_value the"
                        + " name of the role or group, or the id of the user"));
    if (subject instanceof Subject.Everyone && !value.isEmpty()) {
      throw new InvalidRequest("subject_value does not belong to subject_type everyone");
    }
    if (subject instanceof Subject.User(var user) && !knownUser.test(user)) {
      throw new InvalidRequest("subject_value: there is no user '%s'".formatted(user));
    }
    return new Member(UUID.randomUUID(), subject);
  }

  static Feature.Kind kindOf(@Nullable String wireName) {
    return kind(wireName)
        .orElseThrow(
            () -> new InvalidRequest("resource_type must be one of tool, resource, prompt"));
  }

  private List<Member> members(@Nullable List<SubjectRequestJson> subjects) {
    List<Member> members =
        subjects == null ? List.of() : subjects.stream().map(this::member).toList();
    if (members.stream().map(Member::subject).distinct().count() < members.size()) {
      throw new InvalidRequest("subjects names a subject twice");
    }
    return members;
  }

  private Optional<TargetId> target(@Nullable String id) {
    if (id == null) {
      return Optional.empty();
    }
    return Optional.of(
        targets.all().stream()
            .map(target -> target.id())
            .filter(each -> each.toString().equals(id))
            .findFirst()
            .orElseThrow(
                () -> new InvalidRequest("target_id: there is no target '%s'".formatted(id))));
  }

  private static Optional<Feature.Kind> kind(@Nullable String wireName) {
    if (wireName == null || wireName.equals("all")) {
      return Optional.empty();
    }
    return Optional.of(
        Stream.of(Feature.Kind.values())
            .filter(kind -> kind.wireName().equals(wireName))
            .findFirst()
            .orElseThrow(() ->
                new InvalidRequest("resource_type must be one of all, tool, resource, prompt")));
  }

  private static Optional<String> pattern(@Nullable String pattern) {
    if (pattern == null) {
      return Optional.empty();
    }
    if (pattern.isEmpty()) {
      throw new InvalidRequest("resource_pattern must not be empty: leave it out for every name");
    }
    try {
      NameMatcher.of(text("resource_pattern", pattern, NameMatcher.LONGEST));
    } catch (PatternSyntaxException e) {
      throw new InvalidRequest("resource_pattern does not compile: " + e.getMessage());
    }
    return Optional.of(pattern);
  }

  private static Effect effect(String wireName) {
    return Stream.of(Effect.values())
        .filter(effect -> effect.wireName().equals(wireName))
        .findFirst()
        .orElseThrow(() -> new InvalidRequest("effect must be allow or deny"));
  }

  private static String required(String field, @Nullable String value) {
    if (value == null || value.isBlank()) {
      throw new InvalidRequest(field + " is missing");
    }
    return value;
  }

  private static String text(String field, String value, int longest) {
    if (value.length() > longest || value.indexOf('\0') >= 0) {
      throw new InvalidRequest(
          "%s must not contain NUL, nor be longer than %d characters".formatted(field, longest));
    }
    return value;
  }
}
