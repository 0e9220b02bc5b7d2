{{- define "orra.name" -}}
{{- $name := .Release.Name -}}
{{- if not (contains .Chart.Name $name) }}{{ $name = printf "%s-%s" $name .Chart.Name }}{{ end -}}
{{- $name | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{- define "orra.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "orra.labels" -}}
{{ include "orra.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | quote }}
{{- end }}

{{- define "orra.account" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "orra.name" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end }}

{{- /* What every process is told. */ -}}
{{- define "orra.environment" -}}
- name: POD_IP
  valueFrom: {fieldRef: {fieldPath: status.podIP}}
{{- with .Values.allowedHosts }}
- name: ALLOWED_HOSTS
  value: {{ printf "%s,$(POD_IP)" (join "," .) | quote }}
{{- end }}
- name: PLANNING_DEADLINE_SECONDS
  value: {{ .Values.planningDeadlineSeconds | quote }}
{{- with .Values.otlpEndpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end }}

{{- /* A pod of one container: root, component, command, environment, port, probes, grace, and its values. */ -}}
{{- define "orra.pod" -}}
serviceAccountName: {{ include "orra.account" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .grace }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
containers:
  - name: {{ .component }}
    image: {{ printf "%s:%s" .root.Values.image.repository (.root.Values.image.tag | default .root.Chart.AppVersion) | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    command: {{ toJson .command }}
    env: {{ include "orra.environment" .root | nindent 6 }}
      {{- with .environment }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    envFrom:
      - secretRef: {name: {{ .root.Values.existingSecret }}}
    {{- if .port }}
    ports:
      - {name: http, containerPort: {{ .port }}, protocol: TCP}
    startupProbe:
      httpGet: &livez {path: /livez, port: http, httpHeaders: [{name: Host, value: localhost}]}
      periodSeconds: 2
      failureThreshold: 60
    livenessProbe:
      httpGet: *livez
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    readinessProbe:
      httpGet: {path: /readyz, port: http, httpHeaders: [{name: Host, value: localhost}]}
      periodSeconds: 5
      timeoutSeconds: 5
      failureThreshold: 2
    {{- end }}
    {{- if .pause }}
    # Until nobody sends anything here any more.
    lifecycle: {preStop: {exec: {command: ["python", "-c", "import time; time.sleep({{ .pause }})"]}}}
    {{- end }}
    resources: {{ toYaml .values.resources | nindent 6 }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
    volumeMounts:
      - {name: data, mountPath: /data}
volumes:
  - name: data
    emptyDir: {sizeLimit: 512Mi}
{{- with .values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* Labels and annotations of a pod; a change of settings is a new pod. */ -}}
{{- define "orra.podMetadata" -}}
labels: {{ include "orra.labels" . | nindent 2 }}
{{- with .values.podAnnotations }}
annotations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}
