package io.reflow.gateway.http;

import io.helidon.common.uri.UriQuery;
import io.helidon.http.HeaderNames;
import io.helidon.openapi.OpenApiFeature;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.Objects;

/// `/docs`: the reference of the API, and the description that it shows. All of it comes out of the
/// gateway, and the browser is told to take nothing from anywhere else.
public final class DocsRoutes {

  private static final String DESCRIPTION = "/docs/openapi";

  /// The reference makes its styles as it runs; scripts come from files only.
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:;"
          + " font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
          + " frame-ancestors 'none'";

  private static final URL PAGE = resource("docs/index.html");
  private static final URL PAGE_SCRIPT = resource("docs/page.js");
  private static final URL SCRIPT = resource("/META-INF/resources/webjars/scalar/scalar.js");

  /// Has the server answer with the description in either format.
  public void describe(WebServerConfig.Builder server) {
    server.addFeature(
        OpenApiFeature.builder()
            .webContext(DESCRIPTION)
            .staticFile("META-INF/openapi.yaml")
            .servicesDiscoverServices(false)
            .managerDiscoverServices(false)
            .build());
  }

  /// Adds the page and its files.
  public void register(HttpRouting.Builder routing) {
    routing
        .get("/docs", (_, response) -> page(response))
        .get("/docs/page.js", (_, response) -> script(response, PAGE_SCRIPT))
        .get("/docs/scalar.js", (_, response) -> script(response, SCRIPT))
        .get("/docs/openapi.yaml", (_, response) -> described(response, "YAML"))
        .get("/docs/openapi.json", (_, response) -> described(response, "JSON"));
  }

  private static void page(ServerResponse response) {
    response.header("Content-Security-Policy", POLICY).header("X-Frame-Options", "DENY");
    send(response, "text/html; charset=utf-8", PAGE);
  }

  private static void script(ServerResponse response, URL file) {
    response.header(HeaderNames.CACHE_CONTROL, "max-age=3600");
    send(response, "text/javascript; charset=utf-8", file);
  }

  private static void described(ServerResponse response, String format) {
    response.reroute(DESCRIPTION, UriQuery.create("format=" + format));
  }

  private static void send(ServerResponse response, String mediaType, URL file) {
    response
        .header(HeaderNames.CONTENT_TYPE, mediaType)
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer");
    try (InputStream in = file.openStream();
        OutputStream out = response.outputStream()) {
      in.transferTo(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static URL resource(String name) {
    return Objects.requireNonNull(DocsRoutes.class.getResource(name), name);
  }
}
