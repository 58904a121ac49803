/// The sections of application.yaml as records. May be imported by all.
@NullMarked
package io.reflow.gateway.config;

import org.jspecify.annotations.NullMarked;
