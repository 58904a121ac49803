package io.reflow.gateway.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A section that counts only while its own key `value` is present (an Optional) or true. While it
/// is not in use, the references in its other keys are not looked at and their defaults stay.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface InUseWhen {
  String value();
}
