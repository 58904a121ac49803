package io.reflow.gateway;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The house rules that a machine can check.
@AnalyzeClasses(packages = "io.reflow.gateway", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule packagesDependDownwards =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .withOptionalLayers(true)
          .layer("endpoint")
          .definedBy(
              "..gateway.mcp..", "..gateway.api..", "..gateway.terminal..", "..gateway.live..")
          .layer("engine")
          .definedBy(
              "..gateway.upstream..",
              "..gateway.session..",
              "..gateway.catalog..",
              "..gateway.translation..")
          .layer("rules")
          .definedBy(
              "..gateway.policy..",
              "..gateway.credential..",
              "..gateway.instance..",
              "..gateway.audit..")
          .layer("nouns")
          .definedBy("..gateway.identity..", "..gateway.target..", "..gateway.replica..")
          .layer("support")
          .definedBy(
              "..gateway.fault..",
              "..gateway.config..",
              "..gateway.protocol..",
              "..gateway.database..",
              "..gateway.http..",
              "..gateway.telemetry..")
          .whereLayer("endpoint")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("engine")
          .mayOnlyBeAccessedByLayers("endpoint")
          .whereLayer("rules")
          .mayOnlyBeAccessedByLayers("endpoint", "engine")
          .whereLayer("nouns")
          .mayOnlyBeAccessedByLayers("endpoint", "engine", "rules");

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching("io.reflow.gateway.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule onlyRoutesAndEndpointsSpeakHttp =
      noClasses()
          // What is nested in one of them is part of it.
          .that(not(nameMatching(".*(Routes|Endpoint)(\\$.*)?")))
          .and(not(resideInAnyPackage("..gateway.http..", "..gateway.upstream.http..")))
          .and()
          .doNotHaveFullyQualifiedName("io.reflow.gateway.Gateway")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.helidon.webserver..", "io.helidon.http..");

  @ArchTest
  static final ArchRule onlyStoresSpeakSql =
      noClasses()
          .that()
          .haveSimpleNameNotEndingWith("Store")
          .and()
          .resideOutsideOfPackage("..gateway.database..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.helidon.dbclient..", "java.sql..", "javax.sql..");

  @ArchTest
  static final ArchRule classesAreFinalUnlessSealed =
      classes()
          .that()
          .areNotInterfaces()
          .and()
          .areNotAnonymousClasses()
          .and()
          .doNotHaveModifier(JavaModifier.ABSTRACT)
          .should()
          .haveModifier(JavaModifier.FINAL);

  @ArchTest static final ArchRule noStandardStreams = NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

  @ArchTest static final ArchRule noGenericExceptions = NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS;
}
