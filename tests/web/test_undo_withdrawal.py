"""A withdrawal is undone where it was done: beside the message, and on the document's page."""

from service.codes import Category


def furnish(world):
    customer = world.customer(category=Category.ACTIVE, owner="sales")
    made = world.document(customer.id, "减速机异响", kind="repair", by="sales")
    world.work()
    return made.id


def test_the_message_after_a_withdrawal_offers_to_undo_it_once(portal, furnished):
    path, own = f"/documents/{furnished[1]}", portal["sales"]
    undo = f'action="{path}/restore?version=1"'
    sent = own.send(f"{path}/withdraw", reason="传错了")
    page = own.html(sent.location)
    toast = page[page.index('class="toast-x"') :]
    assert "已撤回。" in toast
    assert undo in toast
    assert "撤销" in toast
    again = own.html(path)
    assert 'class="toast-x"' not in again
    assert undo in again
    assert "本版本已撤回" in again
    answer = own.send(f"{path}/restore?version=1")
    page = own.html(answer.location)
    assert "已撤销撤回" in page
    assert undo not in page
    portal.world.work()
    assert path in own.html("/search?q=减速机")


def test_the_list_of_uploads_offers_it_too_and_goes_back_there(portal, furnished):
    path, own = f"/documents/{furnished[1]}", portal["sales"]
    assert "/restore" not in own.html("/upload")
    own.send(f"{path}/withdraw", reason="传错了")
    assert f"{path}/restore?version=1" in own.html("/upload")
    sent = own.send(f"{path}/restore?version=1", next="uploads")
    assert sent.location.startswith("/upload")
    twice = own.send(f"{path}/restore?version=1", next="uploads")
    assert twice.status_code in (403, 409)


def test_others_are_not_offered_it_and_may_not(portal, furnished):
    path = f"/documents/{furnished[1]}"
    portal["archivist"].send(f"{path}/withdraw", reason="传错了")
    for login, status in (("sales", 403), ("service_manager", 403), ("sales2", 404)):
        person = portal[login]
        assert "/restore" not in person.get(path).text
        assert person.send(f"{path}/restore?version=1").status_code == status
    assert "/restore" not in portal["sales"].html("/upload")
    assert f"{path}/restore?version=1" in portal["archivist"].html(path)


def test_a_program_undoes_a_withdrawal(programs, furnished):
    path, sales = f"/documents/{furnished[1]}", programs["sales"]
    sales.act(f"{path}/withdraw", {"reason": "传错了"}, etag=sales.etag(path))
    assert sales.act(f"{path}/restore").status_code == 428
    answer = sales.act(f"{path}/restore", etag=sales.etag(path))
    assert (answer.status_code, answer.json["filing"]) == (200, "submitted")
    assert programs["sales2"].act(f"{path}/restore", etag="*").status_code == 404
