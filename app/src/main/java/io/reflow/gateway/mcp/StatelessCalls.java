package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.fault.GatewayException.MissingCapability;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.mcp.Way.Wanted;
import io.reflow.gateway.mcp.flight.CallDigest;
import io.reflow.gateway.mcp.flight.Flight;
import io.reflow.gateway.mcp.flight.FlightHomes;
import io.reflow.gateway.mcp.flight.Flights;
import io.reflow.gateway.mcp.flight.History;
import io.reflow.gateway.mcp.flight.Landing;
import io.reflow.gateway.mcp.flight.PageVisits;
import io.reflow.gateway.mcp.flight.Repeats;
import io.reflow.gateway.mcp.flight.RequestState;
import io.reflow.gateway.mcp.flight.RequestState.Cause;
import io.reflow.gateway.mcp.flight.RequestState.Past;
import io.reflow.gateway.mcp.flight.StateSeal;
import io.reflow.gateway.mcp.flight.StateStore;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Reach;
import io.reflow.gateway.upstream.UpstreamCall;
import io.reflow.gateway.upstream.Upstreams;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/// Calls that may end with a question instead of an answer, as those of stateless clients do: the
/// client then calls again, with what it answers. A target of the `initialize` era waits for that
/// in the middle of the one call it knows of; one of the stateless era has to be called again too.
///
/// See <https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr>
final class StatelessCalls {

  private static final String RESPONSES = "inputResponses";
  private static final String STATE = "requestState";
  private static final int LONGEST_STATE = 8 << 20;

  /// What is longer stays here.
  private static final int LONGEST_TO_TRAVEL = 64 << 10;

  private final Upstreams upstreams;
  private final Sessions sessions;
  private final Flights flights;
  private final StateSeal seal;
  private final StateStore states;
  private final Introduction introduction;
  private final Translations translations;
  private final Results results;
  private final FlightHomes homes;
  private final Repeats repeats;
  private final PageVisits visits;
  private final Bystanders bystanders;
  private final Duration ttl;
  private final InstantSource clock;

  StatelessCalls(
      McpParts parts, Introduction introduction, Translations translations, Results results) {
    this.upstreams = parts.upstreams();
    this.sessions = parts.sessions();
    this.flights = parts.flights();
    this.seal = parts.seal();
    this.states = parts.states();
    this.introduction = introduction;
    this.translations = translations;
    this.results = results;
    this.homes = parts.homes();
    this.repeats = new Repeats(parts.states(), parts.homes());
    this.visits = parts.visits();
    this.bystanders = parts.bystanders();
    this.ttl = parts.config().inputTimeout();
    this.clock = parts.clock();
  }

  /// One call on its way.
  ///
  /// @param allowed whether its caller still may have the answer
  private record Going(
      Call.InSession call,
      Message.Request request,
      Wanted wanted,
      Found found,
      UpstreamCall upstreamCall,
      StreamCaller caller,
      BooleanSupplier allowed) {

    Session session() {
      return call.session();
    }

    Reach reach() {
      return found.reach();
    }

    /// What the target may use of what the client can do.
    ClientCapabilities capabilities() {
      return reach().target().settings().usable(session().capabilities());
    }

    String target() {
      return found.reach().target().name();
    }

    /// Whether the client may be asked something before it has the answer.
    boolean mayBeAsked() {
      return switch (wanted.kind()) {
        case TOOL, PROMPT, RESOURCE -> true;
        case PROMPT_COMPLETION, TEMPLATE_COMPLETION -> false;
      };
    }

    String digest() {
      return CallDigest.of(found.feature().name(), request.params().value("arguments"));
    }
  }

  Reply send(
      Call.InSession call,
      Message.Request request,
      Wanted wanted,
      Found found,
      Outgoing outgoing,
      BooleanSupplier allowed)
      throws InterruptedException {
    var caller =
        new StreamCaller(call.http().stream(), call.session(), outgoing.clientProgressToken());
    try {
      return send(new Going(call, request, wanted, found, outgoing.call(), caller, allowed));
    } finally {
      caller.done();
    }
  }

  private Reply send(Going going) throws InterruptedException {
    if (!going.mayBeAsked()) {
      return answered(going, call(going, going.upstreamCall()));
    }
    Optional<String> state = state(going.request());
    return state.isPresent() ? goOn(going, state.get()) : begin(going);
  }

  private static Optional<String> state(Message.Request request) {
    Optional<JsonObject.Member> state = request.params().find(STATE);
    if (state.isPresent() && state.get().text().isEmpty()) {
      throw new InvalidParams("params.%s must be a string".formatted(STATE));
    }
    return state.flatMap(JsonObject.Member::text);
  }

  private Reply begin(Going going) throws InterruptedException {
    Optional<RawJson> responses = responses(going);
    boolean asked = !going.capabilities().equals(ClientCapabilities.NONE);
    if (!asked && responses.isEmpty()) {
      return answered(going, call(going, going.upstreamCall()));
    }
    if (upstreams.facts(going.reach()).version().stateless()) {
      return answered(going, call(going, with(going, responses, Optional.empty())));
    }
    return asked
        ? launch(going, 0, repeats.remembering(going.reach().target()))
        : answered(going, call(going, going.upstreamCall()));
  }

  private Answer call(Going going, UpstreamCall call) throws InterruptedException {
    return call(
        upstreams, going.reach(), call, going.caller(), translations, bystanders, going.session());
  }

  private static Answer call(
      Upstreams upstreams,
      Reach reach,
      UpstreamCall call,
      Caller client,
      Translations translations,
      Bystanders bystanders,
      Session session)
      throws InterruptedException {
    Target target = reach.target();
    var demand = new Demand();
    var caller =
        new TranslatedCaller(
            client,
            target.settings(),
            demand::made,
            roots -> bystanders.heard(reach.key(), roots),
            () -> translations.between(session, target).inputs());
    return demand.during(() -> upstreams.call(reach, call, caller));
  }

  /// The same call with what only the target itself can make sense of.
  private static UpstreamCall with(
      Going going, Optional<RawJson> responses, Optional<RawJson> state) {
    if (responses.isEmpty() && state.isEmpty()) {
      return going.upstreamCall();
    }
    try {
      var edit = new JsonObjectEdit(MessageReader.readObject(going.upstreamCall().params()));
      responses.ifPresent(value -> edit.set(RESPONSES, value));
      state.ifPresent(value -> edit.set(STATE, value));
      return going.upstreamCall().with(edit.apply());
    } catch (MalformedMessage e) {
      throw new IllegalStateException("the gateway has made a request that is none", e);
    }
  }

  private static Optional<RawJson> responses(Going going) {
    Optional<RawJson> responses = going.request().params().value(RESPONSES);
    if (responses.filter(value -> value.array()[value.from()] != '{').isPresent()) {
      throw new InvalidParams("params.%s must be an object".formatted(RESPONSES));
    }
    return responses;
  }

  /// Nothing of the request that began the call may be held on to: it is over long before the call.
  private Reply launch(Going going, int round, Optional<History> history)
      throws InterruptedException {
    Session session = going.session();
    Session own =
        sessions.single(
            session.owner(),
            session.version(),
            session.client(),
            session.capabilities(),
            session.logLevel(),
            session.target());
    Reach reach = going.reach();
    UpstreamCall call = going.upstreamCall();
    Upstreams to = upstreams;
    Translations by = translations;
    Bystanders remembering = bystanders;
    Flight flight =
        flights.launch(
            own,
            RawJson.of(going.request().id().toString()),
            going.allowed(),
            going.caller(),
            round,
            history,
            caller -> call(to, reach, call, caller, by, remembering, own));
    return await(going, flight);
  }

  private Reply await(Going going, Flight flight) throws InterruptedException {
    Landing landing;
    try {
      landing = flight.await();
    } catch (InterruptedException e) {
      flight.cancel();
      throw e;
    }
    return switch (landing) {
      case Landing.Answered(var answer) -> answered(going, answer);
      case Landing.Asking(var round, var questions, var history) -> {
        Optional<Past> past =
            history.flatMap(all -> repeats.past(going.session().owner().user(), all));
        var cause = new Cause.Suspended(homes.here(), flight.id(), past);
        yield asked(going, input(going).inputRequests(questions), round, cause);
      }
      case Landing.Failed(var why) -> throw why;
      case Landing.Ended(var forbidden) -> throw forbidden ? forbidden(going) : Refusals.ended();
    };
  }

  private static RuntimeException forbidden(Going going) {
    going.call().trail().deniedBy("", "the caller's rights have changed during the call");
    return Refusals.unknown(going.wanted());
  }

  private InputForClient input(Going going) {
    var target = going.reach().target();
    boolean several = introduction.visible(going.call()).size() > 1;
    return new InputForClient(
        target.name(),
        several ? Optional.of(target.title().orElse(target.name())) : Optional.empty(),
        going.capabilities());
  }

  private Reply asked(Going going, String inputRequests, int round, Cause cause) {
    String state = JsonText.quote(sealed(going, round, cause));
    RawJson result =
        RawJson.of(
            "{\"resultType\":\"input_required\",\"inputRequests\":%s,\"requestState\":%s}"
                .formatted(inputRequests, state));
    return Replies.result(
        going.request().id(), results.own(going.session(), going.request().method(), result));
  }

  private String sealed(Going going, int round, Cause cause) {
    return seal.seal(
        new RequestState(
            clock.instant().plus(ttl),
            going.session().owner().user(),
            going.reach().target().id().toString(),
            going.request().method(),
            going.digest(),
            round,
            cause));
  }

  private Reply goOn(Going going, String sealed) throws InterruptedException {
    RequestState state = seal.open(sealed);
    boolean same =
        state.user().equals(going.session().owner().user())
            && state.target().equals(going.reach().target().id().toString())
            && state.method().equals(going.request().method())
            && state.digest().equals(going.digest());
    if (!same) {
      throw new InvalidParams("the requestState belongs to another call");
    }
    Optional<RawJson> responses = responses(going);
    return switch (state.cause()) {
      case Cause.Suspended suspended -> resume(going, state, suspended, answers(responses));
      case Cause.AtTarget(var inner) -> again(going, responses, inner);
      case Cause.Stored(var row) ->
          again(
              going,
              responses,
              states
                  .find(row, state.user())
                  .orElseThrow(
                      () -> new InvalidParams("the requestState has expired; start again")));
      case Cause.Pages(var _, var ids) -> afterPages(going, state, ids, answers(responses));
    };
  }

  private Reply again(Going going, Optional<RawJson> responses, RawJson state)
      throws InterruptedException {
    return answered(going, call(going, with(going, responses, Optional.of(state))));
  }

  private Reply resume(
      Going going, RequestState state, Cause.Suspended suspended, Map<String, RawJson> answers)
      throws InterruptedException {
    Optional<Flight> flight = flights.find(suspended.flight(), state.user());
    if (flight.isEmpty()) {
      return repeat(going, state, suspended, answers);
    }
    repeats.use(state, suspended);
    flight.get().resume(state.round(), answers, going.caller());
    return await(going, flight.get());
  }

  /// Makes the call again, if its replica is gone and the target does not mind: it asks the same
  /// and hears what its client has answered until now.
  private Reply repeat(
      Going going, RequestState state, Cause.Suspended suspended, Map<String, RawJson> answers)
      throws InterruptedException {
    Optional<History> known = repeats.history(going.reach().target(), state, suspended);
    if (known.isEmpty() || upstreams.facts(going.reach()).version().stateless()) {
      throw new InvalidParams("the suspended call has expired or was lost; start again");
    }
    History history = known.get();
    repeats.use(state, suspended);
    history.answered(answers);
    going.call().trail().remark("the call was made again: its replica is gone");
    return launch(going, state.round(), Optional.of(history));
  }

  private static Map<String, RawJson> answers(Optional<RawJson> responses) {
    Map<String, RawJson> answers = new HashMap<>();
    if (responses.isEmpty()) {
      return answers;
    }
    try {
      for (JsonObject.Member member : MessageReader.readObject(responses.get()).members()) {
        RawJson value = member.value();
        if (value.array()[value.from()] != '{') {
          throw new InvalidParams(
              "params.%s: '%s' must be an object"
                  .formatted(RESPONSES, Refusals.quoted(member.name())));
        }
        answers.put(member.name(), RawJson.of(value.toString()));
      }
    } catch (MalformedMessage e) {
      throw new InvalidParams("params.%s: %s".formatted(RESPONSES, e.why()));
    }
    return answers;
  }

  /// The call is made again once the user is through with where the target had sent them, or the
  /// target does not say so for some time.
  private Reply afterPages(
      Going going, RequestState state, Set<String> ids, Map<String, RawJson> answers)
      throws InterruptedException {
    Optional<PagesToOpen> again = Optional.empty();
    try {
      if (answers.isEmpty() || !answers.values().stream().allMatch(StatelessCalls::accepts)) {
        return declined(going);
      }
      visits.await(state.user(), going.reach(), ids);
      Answer answer = call(going, going.upstreamCall());
      again = pages(answer);
      return again.isPresent()
          ? pagesAsked(going, again.get(), state.round() + 1)
          : answered(going, answer);
    } finally {
      if (again.map(PagesToOpen::ids).filter(ids::equals).isEmpty()) {
        visits.end(state.user(), going.reach(), ids);
      }
    }
  }

  private static boolean accepts(RawJson response) {
    try {
      return MessageReader.readObject(response).text("action").filter("accept"::equals).isPresent();
    } catch (MalformedMessage _) {
      return false;
    }
  }

  private Reply declined(Going going) {
    String text = "The user did not agree to open the page that this needs.";
    if (!going.request().method().equals("tools/call")) {
      throw new UpstreamFailed(going.target(), "needs a page opened that the user declined");
    }
    RawJson result =
        RawJson.of(
            "{\"content\":[{\"type\":\"text\",\"text\":%s}],\"isError\":true}"
                .formatted(JsonText.quote(text)));
    return Replies.result(
        going.request().id(), results.own(going.session(), going.request().method(), result));
  }

  private static Optional<PagesToOpen> pages(Answer answer) {
    return answer instanceof Answer.Failure(var error) ? PagesToOpen.read(error) : Optional.empty();
  }

  private Reply answered(Going going, Answer answer) throws InterruptedException {
    Optional<PagesToOpen> pages = going.mayBeAsked() ? pages(answer) : Optional.empty();
    if (pages.isPresent()) {
      return pagesAsked(going, pages.get(), 1);
    }
    return switch (translated(going, wrapped(going, answer))) {
      case Answer.Result result ->
          Replies.result(
              going.request().id(),
              results.of(going.session(), going.request().method(), result, going.target()));
      case Answer.Failure(var error) ->
          TargetErrors.reply(going.session(), going.request().id(), error, going.call().trail());
    };
  }

  private Answer translated(Going going, Answer answer) {
    Wanted wanted = going.wanted();
    Optional<String> uri =
        wanted.kind() == Wanted.Kind.RESOURCE ? Optional.of(wanted.exposed()) : Optional.empty();
    return translations.answer(
        going.session(), going.reach().target(), going.request().method(), uri, answer);
  }

  private Reply pagesAsked(Going going, PagesToOpen pages, int round) throws InterruptedException {
    if (!going.capabilities().elicitationUrl()) {
      throw new MissingCapability(
          "the user has to open a page first, which this client can't ask for",
          "{\"elicitation\":{\"url\":{}}}");
    }
    Set<String> ids = pages.ids();
    visits.begin(going.session().owner().user(), going.reach(), ids, going.allowed());
    var cause = new Cause.Pages(homes.here(), ids);
    return asked(going, input(going).inputRequests(pages.questions()), round, cause);
  }

  /// What a stateless target asks is the client's to answer, in the target's own words. Its state
  /// is bound to the caller: the target knows only the credentials that many may share.
  private Answer wrapped(Going going, Answer answer) {
    if (!(answer instanceof Answer.Result(var bytes, var stateless)) || !stateless) {
      return answer;
    }
    try {
      JsonObject result = MessageReader.readObject(bytes);
      if (result.text("resultType").filter("input_required"::equals).isEmpty()) {
        return answer;
      }
      var edit = new JsonObjectEdit(result);
      result
          .value("inputRequests")
          .ifPresent(asked -> edit.set("inputRequests", input(going).inputRequests(asked)));
      result
          .value(STATE)
          .ifPresent(state ->
              edit.set(
                  STATE, JsonText.string(sealed(going, 1, cause(going, checked(going, state))))));
      return new Answer.Result(edit.apply(), true);
    } catch (MalformedMessage e) {
      throw new UpstreamFailed(going.target(), "answered with garbage: " + e.why());
    }
  }

  private Cause cause(Going going, RawJson state) {
    if (state.length() <= LONGEST_TO_TRAVEL) {
      return new Cause.AtTarget(state);
    }
    return states
        .keep(going.session().owner().user(), state)
        .map(Cause.Stored::new)
        .orElseThrow(
            () -> new UpstreamFailed(going.target(), "has too many large states for this user"));
  }

  private static RawJson checked(Going going, RawJson state) {
    if (state.array()[state.from()] != '"' || state.length() > LONGEST_STATE) {
      throw new UpstreamFailed(going.target(), "has a requestState that is no text, or too long");
    }
    return state;
  }
}
