package io.reflow.gateway.mcp;

import io.reflow.gateway.catalog.KnownServers;
import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Targets;
import io.reflow.gateway.translation.ResourceUris;
import io.reflow.gateway.translation.Translation;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.InputRequest;
import io.reflow.gateway.upstream.InputRequest.Answer;
import io.reflow.gateway.upstream.ServerFacts;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Who answers what the target of one user asks outside of any call: the session that was used last
/// and has a stream open for that. Where there is none, only the roots are known, for a while, if a
/// client without sessions has named them before.
public final class Bystanders {

  private static final Duration MEMORY = Duration.ofMinutes(5);
  private static final int MOST = 10_000;

  private final ServedSessions served;
  private final Targets targets;
  private final Visibility visibility;
  private final KnownServers servers;
  private final ClientQuestions.Patience patience;
  private final InstantSource clock;
  private final Map<InstanceKey, Roots> roots = new ConcurrentHashMap<>();

  public Bystanders(
      Sessions sessions,
      Targets targets,
      PolicyEngine policies,
      KnownServers servers,
      McpConfig config,
      InstantSource clock) {
    this.targets = targets;
    this.visibility = new Visibility(targets, policies);
    this.served = new ServedSessions(sessions, visibility);
    this.servers = servers;
    this.patience = new ClientQuestions.Patience(config.inputTimeout(), config.longestQuestion());
    this.clock = clock;
  }

  private record Roots(RawJson answer, Instant at) {}

  /// Whom that instance may ask now. Does not block.
  public Optional<Caller> find(InstanceKey key) {
    Optional<Target> target = targets.find(key.target()).filter(Target::enabled);
    if (target.isEmpty() || !key.exclusive()) {
      return Optional.empty();
    }
    return served
        .of(key, target.get())
        .max(Comparator.comparing(Session::lastUsed))
        .map(session -> inSession(session, target.get()))
        .or(() -> remembered(key));
  }

  private Caller inSession(Session session, Target target) {
    SessionStream stream = SessionStream.shared(session.conversation().streams().general());
    stream.onlyWhile(() -> visibility.sees(session.owner(), target));
    var caller =
        new SessionCaller(
            stream, session, Optional.empty(), () -> label(session, target), patience);
    ProtocolVersion spoken =
        servers.facts(target.id()).map(ServerFacts::version).orElse(ProtocolVersion.V2025_11_25);
    return new TranslatedCaller(
        caller,
        target.settings(),
        _ -> {},
        () ->
            Translation.between(
                    session.version(), spoken, ResourceUris.of(target), Optional.empty())
                .inputs());
  }

  private Optional<String> label(Session session, Target target) {
    boolean several =
        visibility.enabled(session.target()).stream()
                .filter(each -> visibility.sees(session.owner(), each))
                .limit(2)
                .count()
            > 1;
    return several ? Optional.of(target.title().orElse(target.name())) : Optional.empty();
  }

  /// A client without sessions has named its roots to the instance.
  void heard(InstanceKey key, Answer answer) {
    if (!key.exclusive() || !(answer instanceof Answer.Given(var named))) {
      return;
    }
    Instant now = clock.instant();
    roots.values().removeIf(known -> known.at().plus(MEMORY).isBefore(now));
    if (roots.size() < MOST) {
      roots.put(key, new Roots(named, now));
    }
  }

  private Optional<Caller> remembered(InstanceKey key) {
    return Optional.ofNullable(roots.get(key))
        .filter(known -> !known.at().plus(MEMORY).isBefore(clock.instant()))
        .map(known -> new Remembered(known.answer()));
  }

  /// A client that has gone, but for the roots that it has named.
  private record Remembered(RawJson roots) implements Caller {

    private static final ClientCapabilities ROOTS =
        ClientCapabilities.ALL.limitedTo(new ClientCapabilities.Kinds(true, false, false, false));

    @Override
    public Map<String, Answer> ask(List<InputRequest> questions) {
      Map<String, Answer> answers = new LinkedHashMap<>();
      for (InputRequest question : questions) {
        if (question.method().equals("roots/list")) {
          answers.put(question.key(), new Answer.Given(roots));
        }
      }
      return answers;
    }

    @Override
    public void progress(RawJson params) {}

    @Override
    public void log(RawJson params) {}

    @Override
    public ClientCapabilities capabilities() {
      return ROOTS;
    }

    @Override
    public Optional<LogLevel> logLevel() {
      return Optional.empty();
    }

    @Override
    public boolean takesInputRequired() {
      return false;
    }
  }
}
