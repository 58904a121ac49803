package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Target;
import java.util.Optional;

/// Makes the callers of requests in sessions.
final class SessionCallers {

  private final Visibility visibility;
  private final ClientQuestions.Patience patience;
  private final LongCalls longCalls = new LongCalls();

  /// @param patience with an answer of a client
  SessionCallers(Visibility visibility, ClientQuestions.Patience patience) {
    this.visibility = visibility;
    this.patience = patience;
  }

  SessionCaller of(Call.InSession call, Optional<RawJson> progressToken, Target target) {
    longCalls.begin(call.http().events());
    return new SessionCaller(
        call.http().events(), call.session(), progressToken, () -> label(call, target), patience);
  }

  /// The call of this caller is over.
  void done(SessionCaller caller) {
    longCalls.end(caller.stream());
    caller.done();
  }

  /// Users of several targets are told which one asks, by the admin's name for it.
  private Optional<String> label(Call.InSession call, Target target) {
    boolean several =
        visibility.enabled(call.session().target()).stream()
                .filter(each -> visibility.sees(call.caller(), each))
                .limit(2)
                .count()
            > 1;
    return several ? Optional.of(target.title().orElse(target.name())) : Optional.empty();
  }
}
