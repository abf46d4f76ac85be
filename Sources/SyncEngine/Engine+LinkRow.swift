import Mapping
import SyncModel

/// One membership as an entry tells it.
extension Engine {
    /// Notes one membership as an entry tells it. False where the row is newer than what is told and differs: the order of both is then not known.
    ///
    /// - Parameter isSilent: it went by the server's own doing, so nobody took it away.
    @discardableResult
    mutating func tell(
        _ id: LinkID,
        _ isPresent: Bool,
        _ form: LinkForm,
        _ version: Version,
        value: Octets?,
        isSilent: Bool = false,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        let old = try store.link(id)
        let held = old?.sources.contains(form.source) ?? false
        // A row has the version of what holds it; primaryGroupID stands in another entry.
        let isOrdered = form.form != .primaryGroup
        if let old, isOrdered, held != isPresent, isOlder(version, than: old.version) { return false }
        guard let old else {
            guard isPresent else { return true }
            var link = Link(
                sources: form.source,
                version: isOrdered ? version : .unordered,
                value: value.flatMap { form.form.kept($0) }
            )
            try noteAdded(&link, id, store)
            try store.put(link, for: id)
            comparison?.movedLinks += 1
            try noteReturned(id, form.form, store)
            try linkMoved(id, store, now: now)
            return true
        }
        var link = old
        if isPresent {
            link.sources.insert(form.source)
            if !held {
                link.isUnwanted = false
                if !old.isPresent { try noteAdded(&link, id, store) }
                link.value = value.flatMap { form.form.kept($0) }
                // As of our own removal it is there: what was removed was another name. Nobody has added it since.
                let isMissed = version == old.version && version != .unordered && !old.isPresent
                if isMissed, id.side == .miniorange, form.form.isMaintainedByServer { link.isAgreed = true }
            } else if let value, !form.form.keepsValue || version != old.version || version == .unordered {
                // As of the same version it stands by the value that is known, and by this one besides.
                link.value = form.form.kept(value)
            }
        } else {
            link.sources.remove(form.source)
            if !link.isPresent { link.value = nil }
            if held, isSilent {
                link.isAgreed = false
                if let other = try counterpart(of: id, store) { try disagree(other, store) }
            }
        }
        let isCaughtUp = isOrdered && !isOlder(version, than: old.version)
        if isCaughtUp { link.version = version }
        // Of a server that counts anew the version from before would make news of nothing that it tells from now on.
        let isUndated = link.version == .unordered && old.version != .unordered
        // Another source, or an older state, says nothing of what we have taken away: the row still tells older news of that from newer.
        let isDone = isCaughtUp || old.version == .unordered
        if !link.isPresent && !link.isAgreed && isDone {
            try store.removeLink(id)
        } else if link.sources != old.sources || link.value != old.value || link.isUnwanted != old.isUnwanted
            || isUndated
        {
            try store.put(link, for: id)
        }
        let isAnotherValue = link.value != old.value && link.value != nil
        // Told by a value that names nobody any more: it is to be written anew.
        let isByFormerName = held && isPresent && value == nil && form.form.isMaintainedByServer
        if link.isPresent != old.isPresent {
            comparison?.movedLinks += 1
            try noteReturned(id, form.form, store)
        }
        if link.isPresent != old.isPresent || isAnotherValue || isByFormerName { try linkMoved(id, store, now: now) }
        return true
    }

    func isOlder(_ version: Version, than other: Version) -> Bool {
        version != other && !version.supersedes(other)
    }
}
