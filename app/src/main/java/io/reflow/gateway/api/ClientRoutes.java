package io.reflow.gateway.api;

import io.reflow.gateway.api.ClientApp.Place;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.TokenRoutes;
import io.reflow.gateway.identity.TokenRoutes.ApiTokenJson;
import io.reflow.gateway.identity.TokenRoutes.CreatedTokenJson;
import io.reflow.gateway.identity.TokenRoutes.NewTokenJson;
import io.reflow.gateway.policy.TargetAccess;
import io.reflow.gateway.target.Target;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// `/api/clients`: what to paste into the configuration of an AI client, so that it finds the
/// gateway. Without a token, since none is stored; or with one that is made for it.
public final class ClientRoutes {

  private static final String PLACEHOLDER = "<your API token>";
  private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");

  private final URI publicUrl;
  private final TargetAccess access;
  private final TokenRoutes tokens;

  /// @param publicUrl under which clients reach the gateway
  public ClientRoutes(URI publicUrl, TargetAccess access, TokenRoutes tokens) {
    this.publicUrl = publicUrl;
    this.access = access;
    this.tokens = tokens;
  }

  /// A client there is a configuration for.
  public record ClientJson(String client, String title) {}

  /// What the token that goes into the configuration shall be like.
  ///
  /// @param name that of the client by default
  public record WantedJson(@Nullable String name, @Nullable Integer expiresInDays) {}

  /// What to put where.
  ///
  /// @param files where the client keeps its servers; any one of them will do
  /// @param command what does the same from a shell
  /// @param hint what is still to be done
  /// @param apiToken the one that was made
  public record ConfigJson(
      String client,
      String title,
      List<String> files,
      Map<String, ?> config,
      @Nullable String command,
      String hint,
      @Nullable ApiTokenJson apiToken) {

    @Override
    public String toString() {
      return "ConfigJson[" + client + "]";
    }
  }

  public void list(Exchange<Authenticated> exchange) {
    exchange.ok(
        Stream.of(ClientApp.values())
            .map(app -> new ClientJson(app.wireName(), app.title()))
            .toList());
  }

  /// `GET /api/clients/{client}?target=name`.
  public void show(Exchange<Authenticated> exchange) {
    ClientApp app = app(exchange);
    boolean asks = app == ClientApp.VSCODE;
    Optional<String> token = asks ? Optional.empty() : Optional.of(PLACEHOLDER);
    String hint =
        asks
            ? "The client asks for your API token when it first connects."
            : "Put your API token in place of '%s', or POST here to have one made."
                .formatted(PLACEHOLDER);
    exchange.ok(json(app, place(exchange, token), hint, null));
  }

  /// `POST /api/clients/{client}?target=name`: the same with a new token of scope `mcp`, which is
  /// shown this once.
  public void create(Exchange<Authenticated> exchange) {
    ClientApp app = app(exchange);
    Place before = place(exchange, Optional.empty());
    WantedJson wanted = exchange.body(WantedJson.class);
    CreatedTokenJson created =
        tokens.create(
            exchange.caller(),
            new NewTokenJson(
                wanted.name() == null ? app.title() : wanted.name(), null, wanted.expiresInDays()));
    var place =
        new Place(before.name(), before.url(), Optional.of(created.token()), before.plainHttp());
    exchange
        .header("Cache-Control", "no-store")
        .created(
            json(
                app,
                place,
                "The token in it is shown this once: whoever reads the file can use it.",
                created.apiToken()));
  }

  private static ConfigJson json(
      ClientApp app, Place place, String hint, @Nullable ApiTokenJson token) {
    return new ConfigJson(
        app.wireName(),
        app.title(),
        app.files(),
        app.config(place),
        app.command(place).orElse(null),
        hint,
        token);
  }

  private Place place(Exchange<Authenticated> exchange, Optional<String> token) {
    Optional<String> target =
        exchange.query("target").map(name -> access.get(exchange.caller(), name)).map(Target::name);
    String base = publicUrl.toString().replaceAll("/+$", "") + "/mcp";
    boolean plainHttp =
        publicUrl.getScheme().equals("http") && !THIS_MACHINE.contains(publicUrl.getHost());
    return new Place(
        target.map(name -> "reflow-" + name).orElse("reflow"),
        target.map(name -> base + "/" + name).orElse(base),
        token,
        plainHttp);
  }

  private static ClientApp app(Exchange<Authenticated> exchange) {
    return ClientApp.find(exchange.path("client"))
        .orElseThrow(() ->
            new NotFound(
                "there is no configuration for such a client; there is one for %s"
                    .formatted(
                        Stream.of(ClientApp.values())
                            .map(ClientApp::wireName)
                            .collect(Collectors.joining(", ")))));
  }
}
