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
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// Finds the target that a name or a URI belongs to, by the lists of the targets and by nothing
/// else: what no target lists can't be called.
public final class Locator {

  private final Catalog catalog;
  private final ParallelLists lists;
  private final SeenUris seen;

  public Locator(Catalog catalog, ParallelLists lists, SeenUris seen) {
    this.catalog = catalog;
    this.lists = lists;
    this.seen = seen;
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

  /// Whether a target that can be asked lists a tool of that name for its pages.
  public boolean forPages(Reach reach, String tool) throws InterruptedException {
    try {
      return catalog.find(reach, ListKind.TOOLS, tool).filter(Item::forPages).isPresent();
    } catch (GatewayException _) {
      return false;
    }
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

  /// A target that may have a resource, and what the target itself would call it.
  public record Sought(Reach reach, String uri) {}

  /// The target that serves a resource: the one that lists the URI, else one that has spoken of it
  /// to the caller, else the one with the best matching template, else the only one that lists
  /// resources of the same scheme and authority, or of the same scheme, else the only one that has
  /// resources at all. All but the first three are guesses unless every target could be asked.
  ///
  /// @throws GatewayException when no target is found and one could not be asked
  public Optional<Reach> resource(List<Sought> sought) throws InterruptedException {
    Optional<Reach> atHand = atHand(sought, ListKind.RESOURCES);
    if (atHand.isPresent()) {
      return atHand;
    }
    Known known = known(sought);
    Optional<Reach> exact = first(known.lists, Lists::listsResource);
    if (exact.isPresent() || sought.stream().anyMatch(each -> ResourceUri.evasive(each.uri()))) {
      return exact;
    }
    Optional<Reach> spokenOf = sought.stream().filter(this::seen).map(Sought::reach).findFirst();
    if (spokenOf.isPresent()) {
      return spokenOf;
    }
    Optional<Reach> matching = byTemplate(known.lists);
    if (matching.isPresent()) {
      return matching;
    }
    if (known.missing.isPresent()) {
      throw known.missing.get();
    }
    return only(known.lists, Lists::listsAuthority)
        .or(() -> only(known.lists, Lists::listsScheme))
        .or(() -> only(known.lists, Lists::offered))
        .or(() -> only(known.lists, entry -> !entry.empty()));
  }

  private boolean seen(Sought sought) {
    Reach reach = sought.reach();
    return seen.has(reach.permit().caller().user(), reach.target().id(), sought.uri());
  }

  /// What a list at hand names needs no other list: a target that hangs delays nobody.
  private Optional<Reach> atHand(List<Sought> sought, ListKind kind) {
    return sought.stream()
        .filter(each ->
            catalog.lastGood(each.reach(), kind).flatMap(at -> at.find(each.uri())).isPresent())
        .findFirst()
        .map(Sought::reach);
  }

  /// The target that offers a template: by its text, else by what matches it.
  public Optional<Reach> template(List<Sought> sought) throws InterruptedException {
    Optional<Reach> atHand = atHand(sought, ListKind.TEMPLATES);
    if (atHand.isPresent()) {
      return atHand;
    }
    Optional<Reach> exact = first(known(sought).lists, Lists::listsTemplate);
    return exact.isPresent() ? exact : resource(sought);
  }

  /// The resources and templates of one target.
  private record Lists(Sought sought, TargetList resources, TargetList templates) {

    boolean empty() {
      return resources.items().isEmpty() && templates.items().isEmpty();
    }

    boolean offered() {
      return resources.offered() || templates.offered();
    }

    boolean listsResource() {
      return resources.find(sought.uri()).isPresent();
    }

    boolean listsTemplate() {
      return templates.find(sought.uri()).isPresent();
    }

    boolean listsScheme() {
      return lists(Locator::scheme);
    }

    boolean listsAuthority() {
      return lists(Locator::authority);
    }

    private boolean lists(UnaryOperator<String> part) {
      String wanted = part.apply(sought.uri());
      return resources.items().stream().anyMatch(item -> part.apply(item.name()).equals(wanted))
          || templates.items().stream().anyMatch(item -> part.apply(item.name()).equals(wanted));
    }
  }

  /// What could be learned of the targets, and why one of them said nothing.
  private record Known(List<Lists> lists, Optional<GatewayException> missing) {}

  private Known known(List<Sought> sought) throws InterruptedException {
    List<Reach> reaches = sought.stream().map(Sought::reach).toList();
    List<Listed> resources = lists.all(reaches, ListKind.RESOURCES);
    List<Listed> templates = lists.all(reaches, ListKind.TEMPLATES);
    List<Lists> known = new ArrayList<>(reaches.size());
    Optional<GatewayException> missing = Optional.empty();
    for (int i = 0; i < reaches.size(); i++) {
      if (resources.get(i) instanceof Listed.Found(var _, var ofResources)
          && templates.get(i) instanceof Listed.Found(var _, var ofTemplates)) {
        known.add(new Lists(sought.get(i), ofResources, ofTemplates));
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
    return known.stream().filter(condition).findFirst().map(entry -> entry.sought().reach());
  }

  private static Optional<Reach> only(List<Lists> known, Predicate<Lists> condition) {
    List<Lists> matching = known.stream().filter(condition).toList();
    return matching.size() == 1
        ? Optional.of(matching.getFirst().sought().reach())
        : Optional.empty();
  }

  private static Optional<Reach> byTemplate(List<Lists> known) {
    Optional<Reach> strict = best(known, (template, uri) -> template.strict().matches(uri));
    return strict.isPresent()
        ? strict
        : best(known, (template, uri) -> template.lax().matches(uri));
  }

  private static Optional<Reach> best(List<Lists> known, BiPredicate<UriTemplate, String> matches) {
    Optional<Reach> best = Optional.empty();
    int length = -1;
    for (Lists entry : known) {
      for (Item item : entry.templates().items()) {
        UriTemplate template = UriTemplate.of(item.name());
        if (template.literalLength() > length && matches.test(template, entry.sought().uri())) {
          best = Optional.of(entry.sought().reach());
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

  /// The scheme and what follows it up to the path: the same place, as far as can be told.
  private static String authority(String uri) {
    int slashes = uri.indexOf("://");
    if (slashes < 0) {
      return scheme(uri);
    }
    int end = uri.indexOf('/', slashes + 3);
    return uri.substring(0, end < 0 ? uri.length() : end).toLowerCase(Locale.ROOT);
  }
}
