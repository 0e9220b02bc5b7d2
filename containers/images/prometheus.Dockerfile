FROM orra-standin:servers
RUN install --directory --owner nobody --mode 0755 /storage
USER nobody
WORKDIR /storage
ENTRYPOINT ["prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/storage"]
