{{- define "reflow.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* What all names begin with; short enough for what is put behind it. */}}
{{- define "reflow.fullname" -}}
{{- $name := include "reflow.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What finds the pods of a component: (list $ "gateway") */}}
{{- define "reflow.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "reflow.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "reflow.labels" -}}
{{- $root := index . 0 -}}
{{ include "reflow.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* (list $ .Values.image) */}}
{{- define "reflow.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default $root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The restricted Pod Security Standard, of a pod for the user with this number. */}}
{{- define "reflow.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "reflow.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "reflow.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Where a component's pods may run: (list $ .Values "gateway") */}}
{{- define "reflow.placement" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
{{- $component := index . 2 -}}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.topologySpread }}
topologySpreadConstraints:
  {{- range $key, $when := . }}
  - topologyKey: {{ $key }}
    maxSkew: 1
    whenUnsatisfiable: {{ $when }}
    labelSelector:
      matchLabels:
        {{- include "reflow.selector" (list $root $component) | nindent 8 }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "reflow.secretName" -}}
{{- default (printf "%s-secrets" (include "reflow.fullname" .)) .Values.secrets.existingSecret -}}
{{- end -}}

{{- define "reflow.adminSecretName" -}}
{{- default (printf "%s-admin" (include "reflow.fullname" .)) .Values.admin.existingSecret -}}
{{- end -}}

{{- define "reflow.hasAdmin" -}}
{{- if or .Values.admin.email .Values.admin.existingSecret }}yes{{ end -}}
{{- end -}}

{{- define "reflow.accountName" -}}
{{- default (include "reflow.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "reflow.instancesNamespace" -}}
{{- default (printf "%s-instances" (default "default" .Release.Namespace) | trunc 63 | trimSuffix "-") .Values.instances.namespace -}}
{{- end -}}

{{/* The setting of application.yaml, or nothing: (list $ "server" "public-url") */}}
{{- define "reflow.setting" -}}
{{- dig (index . 1) (index . 2) "" (index . 0).Values.config -}}
{{- end -}}

{{/* Whether the gateway may use pods. */}}
{{- define "reflow.pods" -}}
{{- if eq (include "reflow.setting" (list . "kubernetes" "enabled")) "true" }}yes{{ end -}}
{{- end -}}

{{/* The URL that clients use: the one of the configuration, that of the Ingress or the route, or the Service. */}}
{{- define "reflow.publicUrl" -}}
{{- $given := include "reflow.setting" (list . "server" "public-url") -}}
{{- if $given -}}
{{- $given -}}
{{- else if .Values.ingress.enabled -}}
{{- printf "%s://%s" (ternary "https" "http" (ne .Values.ingress.tlsSecret "")) .Values.ingress.host -}}
{{- else if and .Values.httpRoute.enabled .Values.httpRoute.hostnames -}}
{{- printf "https://%s" (first .Values.httpRoute.hostnames) -}}
{{- else -}}
{{- printf "http://%s.%s.svc:%v" (include "reflow.fullname" .) .Release.Namespace .Values.service.port -}}
{{- end -}}
{{- end -}}

{{/* More names that the gateway answers to: those of its Service, and all of the route and the Ingress. */}}
{{- define "reflow.allowedHosts" -}}
{{- $name := include "reflow.fullname" . -}}
{{- $hosts := list $name (printf "%s.%s" $name .Release.Namespace) (printf "%s.%s.svc" $name .Release.Namespace) (printf "%s.%s.svc.%s" $name .Release.Namespace .Values.clusterDomain) -}}
{{- if .Values.ingress.enabled }}{{ $hosts = append $hosts .Values.ingress.host }}{{ end -}}
{{- if .Values.httpRoute.enabled }}{{ $hosts = concat $hosts .Values.httpRoute.hostnames }}{{ end -}}
{{- $hosts = concat $hosts (dig "server" "allowed-hosts" list .Values.config) -}}
{{- toJson (uniq $hosts) -}}
{{- end -}}

{{/* A duration of application.yaml in whole seconds, rounded up. */}}
{{- define "reflow.seconds" -}}
{{- $text := . -}}
{{- $number := regexFind "^[0-9]+" $text | int64 -}}
{{- $unit := regexFind "[a-z]+$" $text -}}
{{- if eq $unit "ms" -}}{{ div (add $number 999) 1000 }}
{{- else if eq $unit "s" -}}{{ $number }}
{{- else if eq $unit "m" -}}{{ mul $number 60 }}
{{- else if eq $unit "h" -}}{{ mul $number 3600 }}
{{- else if eq $unit "d" -}}{{ mul $number 86400 }}
{{- else -}}{{ fail (printf "'%s' is no duration; write 200ms, 10s, 30m, 12h or 7d" $text) }}
{{- end -}}
{{- end -}}

{{/* How long a gateway takes to stop, with something to spare: before SIGTERM, for suspended calls, for running ones, for child processes. */}}
{{- define "reflow.gracePeriod" -}}
{{- $drain := include "reflow.seconds" (default "60s" (include "reflow.setting" (list . "shutdown" "flight-drain"))) | int64 -}}
{{- $grace := include "reflow.seconds" (default "10s" (include "reflow.setting" (list . "server" "shutdown-grace"))) | int64 -}}
{{- $children := include "reflow.seconds" (default "2s" (include "reflow.setting" (list . "stdio" "stop-grace"))) | int64 -}}
{{- add .Values.preStopSeconds $drain $grace $children 15 -}}
{{- end -}}

{{/* What of a Secret's value is asked for. */}}
{{- define "reflow.check" -}}
{{- $secrets := .Values.secrets -}}
{{- if not $secrets.existingSecret -}}
{{- if not $secrets.jwtSecret }}{{ fail "secrets.jwtSecret is missing: --set secrets.jwtSecret=\"$(openssl rand -hex 32)\", or name a Secret of yours in secrets.existingSecret" }}{{ end -}}
{{- if lt (len $secrets.jwtSecret) 32 }}{{ fail "secrets.jwtSecret is too short: it must have 32 characters or more (openssl rand -hex 32)" }}{{ end -}}
{{- if and (not $secrets.encryptionKey) (not $secrets.encryptionKeys) }}{{ fail "secrets.encryptionKey is missing: --set secrets.encryptionKey=\"$(openssl rand -hex 16)\", or name a Secret of yours in secrets.existingSecret" }}{{ end -}}
{{- if and $secrets.encryptionKey (ne (len $secrets.encryptionKey) 32) }}{{ fail "secrets.encryptionKey must have exactly 32 characters (openssl rand -hex 16)" }}{{ end -}}
{{- if not $secrets.dbPassword }}{{ fail "secrets.dbPassword is missing: the password of the gateway's user in PostgreSQL, or name a Secret of yours in secrets.existingSecret" }}{{ end -}}
{{- if and $secrets.auditKey (lt (len $secrets.auditKey) 32) }}{{ fail "secrets.auditKey is too short: it must have 32 characters or more (openssl rand -hex 32)" }}{{ end -}}
{{- if and $secrets.setupToken (lt (len $secrets.setupToken) 8) }}{{ fail "secrets.setupToken is too short: it must have 8 characters or more" }}{{ end -}}
{{- end -}}
{{- $host := include "reflow.setting" (list . "database" "host") -}}
{{- if and (not $host) (not .Values.postgresql.enabled) }}{{ fail "config.database.host is missing: the host of your PostgreSQL; to try the gateway without one, --set postgresql.enabled=true" }}{{ end -}}
{{- if and $host .Values.postgresql.enabled }}{{ fail "config.database.host and postgresql.enabled exclude each other: which PostgreSQL is it to be?" }}{{ end -}}
{{- if include "reflow.hasAdmin" . -}}
{{- if and .Values.admin.email (not .Values.admin.existingSecret) (lt (len .Values.admin.password) 8) }}{{ fail "admin.password is missing or too short: the first admin needs one of 8 characters or more, or name a Secret of yours in admin.existingSecret" }}{{ end -}}
{{- if eq (include "reflow.setting" (list . "auth" "registration")) "closed" }}{{ fail "config.auth.registration is closed, so the first admin could not be made; first-user closes it as soon as there is one" }}{{ end -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}{{ fail "ingress.host is missing: the name that clients use" }}{{ end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}{{ fail "httpRoute.parentRefs is missing: the Gateway that the route belongs to" }}{{ end -}}
{{- if and (or .Values.operator.enabled (include "reflow.pods" .)) (eq (include "reflow.instancesNamespace" .) .Release.Namespace) }}{{ fail "instances.namespace must be another namespace than the gateway's: whoever may make pods there can read all Secrets in it" }}{{ end -}}
{{- end -}}
