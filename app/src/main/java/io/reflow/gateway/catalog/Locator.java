package io.reflow.gateway.catalog;

import io.reflow.gateway.catalog.ParallelLists.Listed;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.policy.ResourceUri;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.upstream.Reach;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/// Finds the target that a name or a URI belongs to, by the lists of the targets and by nothing
/// else: what no target lists can't be called.
public final class Locator {

  private final Catalog catalog;
  private final ParallelLists lists;

  public Locator(Catalog catalog, ParallelLists lists) {
    this.catalog = catalog;
    this.lists = lists;
  }

  /// Whether the target lists a tool or prompt of that name.
  public boolean lists(Reach reach, ListKind kind, String upstreamName)
      throws InterruptedException {
    return catalog.find(reach, kind, upstreamName).isPresent();
  }

  /// What the target lists of a tool or prompt of that name.
  public Optional<Item> item(Reach reach, ListKind kind, String upstreamName)
      throws InterruptedException {
    return catalog.find(reach, kind, upstreamName);
  }

  /// The upstream name behind an exposed name that was cut to length.
  public Optional<String> unshorten(
      Reach reach, ListKind kind, Names names, String prefix, String exposedName)
      throws InterruptedException {
    if (!names.maybeShortened(exposedName)) {
      return Optional.empty();
    }
    Target target = reach.target();
    return catalog.list(reach, kind).items().stream()
        .map(Item::name)
        .filter(name -> names.exposed(prefix, name, target).equals(exposedName))
        .findFirst();
  }

  /// The target that serves a resource: the one that lists the URI, else the one with the best
  /// matching template, else the only one that lists resources of the same scheme, else the only
  /// one that has resources at all. The last two are guesses unless every target could be asked.
  ///
  /// @throws GatewayException when no target is found and one could not be asked
  public Optional<Reach> resource(List<Reach> reaches, String uri) throws InterruptedException {
    Optional<Reach> atHand = atHand(reaches, ListKind.RESOURCES, uri);
    if (atHand.isPresent()) {
      return atHand;
    }
    Known known = known(reaches);
    Optional<Reach> exact = first(known.lists, entry -> entry.resources().find(uri).isPresent());
    if (exact.isPresent() || ResourceUri.evasive(uri)) {
      return exact;
    }
    Optional<Reach> matching = byTemplate(known.lists, uri);
    if (matching.isPresent()) {
      return matching;
    }
    if (known.missing.isPresent()) {
      throw known.missing.get();
    }
    return only(known.lists, entry -> entry.lists(scheme(uri)))
        .or(() -> only(known.lists, entry -> !entry.empty()));
  }

  /// What a list at hand names needs no other list: a target that hangs delays nobody.
  private Optional<Reach> atHand(List<Reach> reaches, ListKind kind, String name) {
    return reaches.stream()
        .filter(reach -> catalog.lastGood(reach, kind).flatMap(at -> at.find(name)).isPresent())
        .findFirst();
  }

  /// The target that offers a template: by its text, else by what matches it.
  public Optional<Reach> template(List<Reach> reaches, String template)
      throws InterruptedException {
    Optional<Reach> atHand = atHand(reaches, ListKind.TEMPLATES, template);
    if (atHand.isPresent()) {
      return atHand;
    }
    Optional<Reach> exact =
        first(known(reaches).lists, entry -> entry.templates().find(template).isPresent());
    return exact.isPresent() ? exact : resource(reaches, template);
  }

  /// The resources and templates of one target.
  private record Lists(Reach reach, TargetList resources, TargetList templates) {

    boolean empty() {
      return resources.items().isEmpty() && templates.items().isEmpty();
    }

    boolean lists(String scheme) {
      return resources.items().stream().anyMatch(item -> scheme(item.name()).equals(scheme))
          || templates.items().stream().anyMatch(item -> scheme(item.name()).equals(scheme));
    }
  }

  /// What could be learned of the targets, and why one of them said nothing.
  private record Known(List<Lists> lists, Optional<GatewayException> missing) {}

  private Known known(List<Reach> reaches) throws InterruptedException {
    List<Listed> resources = lists.all(reaches, ListKind.RESOURCES);
    List<Listed> templates = lists.all(reaches, ListKind.TEMPLATES);
    List<Lists> known = new ArrayList<>(reaches.size());
    Optional<GatewayException> missing = Optional.empty();
    for (int i = 0; i < reaches.size(); i++) {
      if (resources.get(i) instanceof Listed.Found(var reach, var ofResources)
          && templates.get(i) instanceof Listed.Found(var _, var ofTemplates)) {
        known.add(new Lists(reach, ofResources, ofTemplates));
      } else {
        missing = missing.or(reason(resources.get(i))).or(reason(templates.get(i)));
      }
    }
    return new Known(known, missing);
  }

  private static Supplier<Optional<GatewayException>> reason(Listed listed) {
    return () ->
        listed instanceof Listed.Missing(var _, var reason)
            ? Optional.of(reason)
            : Optional.empty();
  }

  private static Optional<Reach> first(List<Lists> known, Predicate<Lists> condition) {
    return known.stream().filter(condition).findFirst().map(Lists::reach);
  }

  private static Optional<Reach> only(List<Lists> known, Predicate<Lists> condition) {
    List<Lists> matching = known.stream().filter(condition).toList();
    return matching.size() == 1 ? Optional.of(matching.getFirst().reach()) : Optional.empty();
  }

  private static Optional<Reach> byTemplate(List<Lists> known, String uri) {
    Optional<Reach> strict = best(known, template -> template.strict().matches(uri));
    return strict.isPresent() ? strict : best(known, template -> template.lax().matches(uri));
  }

  private static Optional<Reach> best(List<Lists> known, Predicate<UriTemplate> matches) {
    Optional<Reach> best = Optional.empty();
    int length = -1;
    for (Lists entry : known) {
      for (Item item : entry.templates().items()) {
        UriTemplate template = UriTemplate.of(item.name());
        if (template.literalLength() > length && matches.test(template)) {
          best = Optional.of(entry.reach());
          length = template.literalLength();
        }
      }
    }
    return best;
  }

  private static String scheme(String uri) {
    int colon = uri.indexOf(':');
    return colon < 0 ? "" : uri.substring(0, colon).toLowerCase(Locale.ROOT);
  }
}
