package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.CapabilityMode;
import io.reflow.gateway.target.TargetSettings;
import io.reflow.gateway.translation.InputRequests;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.InputRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A client that is asked in the words of its own revision, and whose answers are put in those of
/// the target's.
final class TranslatedCaller implements Caller {

  private static final Logger LOG = LoggerFactory.getLogger(TranslatedCaller.class);

  private final Caller client;
  private final TargetSettings settings;
  private final Supplier<InputRequests> translation;
  private final Consumer<ClientCapabilities> demand;
  private final Consumer<InputRequest.Answer> roots;

  /// @param settings say what the target may use of what the client can do
  /// @param demand hears what the target wants of the client that it can't do, but is believed to
  /// @param translation looked up once something is asked: the target is known by then
  TranslatedCaller(
      Caller client,
      TargetSettings settings,
      Consumer<ClientCapabilities> demand,
      Supplier<InputRequests> translation) {
    this(client, settings, demand, _ -> {}, translation);
  }

  /// @param roots hears of the roots that the client names
  TranslatedCaller(
      Caller client,
      TargetSettings settings,
      Consumer<ClientCapabilities> demand,
      Consumer<InputRequest.Answer> roots,
      Supplier<InputRequests> translation) {
    this.client = client;
    this.roots = roots;
    this.settings = settings;
    this.demand = demand;
    this.translation = translation;
  }

  @Override
  public Map<String, InputRequest.Answer> ask(List<InputRequest> questions)
      throws InterruptedException {
    InputRequests inputs = translation.get();
    return translated(inputs, questions, client.ask(translated(inputs, questions)));
  }

  @Override
  public Asked ask(List<InputRequest> questions, Consumer<Map<String, InputRequest.Answer>> then)
      throws InterruptedException {
    InputRequests inputs = translation.get();
    return client.ask(
        translated(inputs, questions), given -> then.accept(understood(inputs, questions, given)));
  }

  /// Whoever waits for answers hears of it in any case.
  private Map<String, InputRequest.Answer> understood(
      InputRequests inputs, List<InputRequest> questions, Map<String, InputRequest.Answer> given) {
    try {
      return translated(inputs, questions, given);
    } catch (RuntimeException e) {
      LOG.atError().setMessage("A client's answer could not be translated").setCause(e).log();
      return Map.of();
    }
  }

  private static List<InputRequest> translated(InputRequests inputs, List<InputRequest> questions) {
    List<InputRequest> translated = new ArrayList<>(questions.size());
    for (InputRequest question : questions) {
      translated.add(translated(inputs, question));
    }
    return translated;
  }

  private Map<String, InputRequest.Answer> translated(
      InputRequests inputs, List<InputRequest> questions, Map<String, InputRequest.Answer> given) {
    Map<String, InputRequest.Answer> answers = new HashMap<>(given);
    for (InputRequest question : questions) {
      answers.computeIfPresent(question.key(), (_, answer) -> translated(inputs, question, answer));
    }
    for (InputRequest question : questions) {
      InputRequest.Answer answer = answers.get(question.key());
      if (answer != null && question.method().equals("roots/list")) {
        roots.accept(answer);
      }
    }
    return answers;
  }

  private static InputRequest translated(InputRequests inputs, InputRequest question) {
    RawJson params = inputs.question(question.method(), question.params());
    if (params.isSameView(question.params().raw())) {
      return question;
    }
    try {
      return new InputRequest(
          question.key(), question.method(), MessageReader.readObject(params), question.progress());
    } catch (MalformedMessage e) {
      throw new IllegalStateException("a question has become unreadable", e);
    }
  }

  private static InputRequest.Answer translated(
      InputRequests inputs, InputRequest question, InputRequest.Answer answer) {
    return switch (answer) {
      case InputRequest.Answer.Given(var result) ->
          new InputRequest.Answer.Given(
              inputs.answer(question.method(), question.params(), result));
      case InputRequest.Answer.Refused _ -> answer;
    };
  }

  @Override
  public void progress(RawJson params) {
    client.progress(params);
  }

  @Override
  public void log(RawJson params) {
    client.log(params);
  }

  @Override
  public ClientCapabilities capabilities() {
    return settings.usable(client.capabilities());
  }

  @Override
  public void lacks(ClientCapabilities needed) {
    boolean told = settings.capabilities() == CapabilityMode.SUPERSET;
    if (told && settings.told(ClientCapabilities.NONE).covers(needed)) {
      demand.accept(needed);
    }
  }

  @Override
  public Optional<LogLevel> logLevel() {
    return client.logLevel();
  }

  @Override
  public boolean maySuspend() {
    return client.maySuspend();
  }

  @Override
  public boolean takesInputRequired() {
    return client.takesInputRequired();
  }
}
