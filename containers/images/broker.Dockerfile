FROM orra-standin:servers
COPY valkey-server /usr/local/bin/valkey-server
WORKDIR /data
CMD ["valkey-server"]
