package io.reflow.gateway.upstream.era;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Offers;
import io.reflow.gateway.upstream.ServerFacts;
import java.util.List;
import java.util.Optional;

/// Judges a target's era by what it answers to `server/discover`, which no server of the older era
/// takes for anything that it should do.
///
/// See
/// <https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning#backward-compatibility-with-initialization-based-versions>
public final class Discovery {

  public static final String METHOD = "server/discover";

  private static final String SERVER_INFO = "io.modelcontextprotocol/serverInfo";
  private static final ProtocolVersion OURS = ProtocolVersion.V2026_07_28;

  private final String target;

  public Discovery(String target) {
    this.target = target;
  }

  /// What came back.
  public sealed interface Heard {

    /// A JSON-RPC answer, in a response of this HTTP status; 200 where there are none.
    record Said(Answer answer, int status) implements Heard {}

    /// A response without one.
    record Refused(int status) implements Heard {}
  }

  /// Sends `server/discover` once.
  @FunctionalInterface
  public interface Asking {

    /// Asks, and waits for what comes back.
    ///
    /// @param capabilities to declare
    /// @throws UpstreamFailed when nothing came back
    Heard ask(RawJson capabilities) throws InterruptedException;
  }

  private sealed interface Judgement {

    record Settled(Verdict verdict) implements Judgement {}

    /// It may be of our era, but wants the question put otherwise; `insists` when it said so
    /// itself.
    record Again(RawJson capabilities, boolean insists) implements Judgement {}
  }

  private static final Judgement OLDER = new Judgement.Settled(new Verdict.Initialize());

  /// Asks, and asks once more where the target says what was wrong with the question.
  ///
  /// @throws UpstreamFailed when the answer is no evidence, or both sides have no version in common
  public Verdict run(Asking asking) throws InterruptedException {
    return switch (judge(asking.ask(RawJson.EMPTY_OBJECT))) {
      case Judgement.Settled(var verdict) -> verdict;
      case Judgement.Again(var capabilities, var insists) ->
          switch (judge(asking.ask(capabilities))) {
            case Judgement.Settled(var verdict)
                when verdict instanceof Verdict.Stateless || !insists ->
                verdict;
            case Judgement _ when insists -> throw noCommonVersion();
            case Judgement _ -> new Verdict.Initialize();
          };
    };
  }

  private Judgement judge(Heard heard) {
    try {
      return switch (heard) {
        case Heard.Refused(var status) -> refused(status);
        case Heard.Said(Answer.Result(var result, _), _) ->
            result(MessageReader.readObject(result));
        case Heard.Said(Answer.Failure(var error), var status) -> failure(error, status);
      };
    } catch (MalformedMessage _) {
      return OLDER;
    }
  }

  /// Servers of the older era refuse what they do not know, or what comes before `initialize`, in
  /// many ways. What speaks of the caller or of the server's own trouble says nothing of its era.
  private Judgement refused(int status) {
    boolean older =
        switch (status) {
          case 401, 403, 407, 408, 421, 425, 429 -> false;
          default -> status / 100 == 4 || status / 100 == 2;
        };
    if (!older) {
      throw failed(
          status == 401 || status == 403
              ? "refuses the gateway's credential (HTTP %d)".formatted(status)
              : "answered with HTTP " + status);
    }
    return OLDER;
  }

  private Judgement result(JsonObject result) throws MalformedMessage {
    List<String> versions = Versions.read(result.value("supportedVersions"));
    if (versions.contains(OURS.wireName())) {
      return new Judgement.Settled(new Verdict.Stateless(facts(result)));
    }
    if (versions.isEmpty() || Versions.anyWithSessions(versions)) {
      return OLDER;
    }
    throw noCommonVersion();
  }

  private static ServerFacts facts(JsonObject result) throws MalformedMessage {
    RawJson capabilities =
        result.value("capabilities").filter(Discovery::isObject).orElse(RawJson.EMPTY_OBJECT);
    Optional<RawJson> meta = result.value("_meta").filter(Discovery::isObject);
    Optional<RawJson> serverInfo =
        meta.isPresent()
            ? MessageReader.readObject(meta.get()).value(SERVER_INFO).filter(Discovery::isObject)
            : Optional.empty();
    return new ServerFacts(
        OURS,
        capabilities,
        serverInfo.orElse(RawJson.EMPTY_OBJECT),
        result.text("instructions"),
        Offers.of(capabilities));
  }

  private static boolean isObject(RawJson value) {
    return value.array()[value.from()] == '{';
  }

  private Judgement failure(RawJson error, int status) throws MalformedMessage {
    if (status / 100 == 5 || status == 401 || status == 403) {
      return refused(status);
    }
    StatelessError said = StatelessError.read(error);
    return switch (said.code()) {
      case StatelessError.UNSUPPORTED_VERSION -> unsupported(said);
      case StatelessError.HEADER_MISMATCH -> again(RawJson.EMPTY_OBJECT, status);
      case StatelessError.MISSING_CAPABILITY ->
          again(said.requiredCapabilities().orElse(RawJson.EMPTY_OBJECT), status);
      default -> OLDER;
    };
  }

  private static Judgement again(RawJson capabilities, int status) {
    return status == 400 ? new Judgement.Again(capabilities, false) : OLDER;
  }

  private Judgement unsupported(StatelessError said) throws MalformedMessage {
    List<String> versions = Versions.read(said.data().value("supported"));
    if (versions.contains(OURS.wireName())) {
      return new Judgement.Again(RawJson.EMPTY_OBJECT, true);
    }
    if (versions.isEmpty() || Versions.anyWithSessions(versions)) {
      return OLDER;
    }
    throw noCommonVersion();
  }

  private UpstreamFailed noCommonVersion() {
    return failed("speaks no protocol version that the gateway speaks");
  }

  private UpstreamFailed failed(String what) {
    return new UpstreamFailed(target, what);
  }
}
